package command

import (
	_ "embed"
	htmltemplate "html/template"
	"io"
	"strings"
	"text/template"
	"time"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
)

var (
	//go:embed audit_report.md.tmpl
	markdownTemplate string
	//go:embed audit_report.html.tmpl
	htmlTemplate string
)

var (
	markdownReport = template.Must(template.New("").Funcs(template.FuncMap{"plain": markdownText}).Parse(markdownTemplate))
	htmlReport     = htmltemplate.Must(htmltemplate.New("").Parse(htmlTemplate))
)

// The data of the templates, which are pages for a mail: the counts first, then what is new, then the alarms.
type (
	auditPage struct {
		Title, At, Since    string // Since is empty in a first run
		First               bool
		NoAlarms            string // why alarms are not compared
		Controls, NotJudged int
		Severities          []severityCount
		Comparison          []pagePart
		Alarms, Others      []pageControl
		Passed              []string // names of the other controls
	}
	pageControl struct {
		Name, Title, Severity, Summary, Remedy, Error string
		pagePart
	}
	pagePart struct {
		Heading string
		Count   int
		Lines   []string
		More    int
	}
)

func (r *auditReport) part(heading string, lines []string) pagePart {
	first, more := r.shown(lines)
	return pagePart{heading, len(lines), first, more}
}

func (r *auditReport) page() auditPage {
	p := auditPage{
		Title: r.title(), At: r.at.Format(time.DateTime) + " UTC", First: r.since && r.before == nil,
		Controls: len(r.results), NotJudged: r.notJudged(), Severities: r.bySeverity(),
	}
	if r.before != nil {
		p.Since = r.before.SavedAt.UTC().Format(time.DateTime) + " UTC"
		if r.before.IsCopy {
			p.NoAlarms = noAlarms
		}
		for _, c := range r.comparison() {
			p.Comparison = append(p.Comparison, r.part(c.Title, c.Lines))
		}
	}
	for _, result := range r.results {
		c := pageControl{
			Name: result.Control.Name, Title: result.Control.Title, Severity: result.Control.Severity,
			Summary: statusCounts(result), pagePart: r.part("", toldOf(result)),
		}
		if result.Err != nil {
			c.Error = oneLine(result.Err.Error())
		}
		switch result.Status() {
		case audit.Alarm:
			c.Remedy = result.Control.Remedy
			p.Alarms = append(p.Alarms, c)
		case audit.Error, audit.NotJudged:
			p.Others = append(p.Others, c)
		default:
			p.Passed = append(p.Passed, c.Name)
		}
	}
	return p
}

func (r *auditReport) markdown(w io.Writer) error { return markdownReport.Execute(w, r.page()) }

func (r *auditReport) html(w io.Writer) error { return htmlReport.Execute(w, r.page()) }

// markdownText escapes what Markdown would read as markup: everybody who can name a repository can write it.
func markdownText(s string) string {
	return strings.NewReplacer(
		`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "#", `\#`, "|", `\|`, "&", "&amp;", "!", `\!`,
	).Replace(printable(s))
}
