package generate

import (
	"embed"
	"io/fs"
	"strings"
	"text/template"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// ruleTexts holds files that describe how a repository is built and who owns its files. Some are good and some are
// bad.
//
//go:embed files
var ruleTexts embed.FS

var ruleTemplates = template.Must(template.ParseFS(ruleTexts, "files/*.*", "files/CODEOWNERS", "files/pipelines/*.yml"))

// pipelineNames lists the pipeline files. A repository with a pipeline file gets a random one of them.
var pipelineNames, _ = fs.Glob(ruleTexts, "files/pipelines/0*.yml") // the pattern is valid

const (
	pipelinesPath = "bitbucket-pipelines.yml"
	ownersPath    = ".bitbucket/CODEOWNERS"
	teamsPath     = ".bitbucket/teams.yaml"
	securityPath  = "SECURITY.md"
)

// sharing returns the repository of a workspace whose pipelines others import: the first one.
func (g *generator) sharing(w *organization.Workspace) *organization.Repository {
	for _, r := range g.org.Repositories {
		if r.Workspace == w {
			return r
		}
	}
	return nil
}

// ruleFiles returns the paths of the rule files of a repository, besides those in its history.
func (g *generator) ruleFiles(r *organization.Repository) []string {
	var paths []string
	if r == g.sharing(r.Workspace) {
		paths = append(paths, pipelinesPath)
	}
	if g.IntN(5) < 2 {
		paths = append(paths, ownersPath, teamsPath)
	}
	if g.IntN(2) == 0 {
		paths = append(paths, securityPath)
	}
	return paths
}

// pipelineFile returns a version of the pipeline file of a repository.
func (g *generator) pipelineFile(r *organization.Repository, f *organization.File) string {
	shared := g.sharing(r.Workspace)
	if r == shared {
		return render("shared.yml", nil)
	}
	name := pipelineNames[f.Origin%len(pipelineNames)]
	return render(name[strings.LastIndex(name, "/")+1:], map[string]string{"Shared": shared.Slug})
}

// ownerFile returns a version of a file about the owners of a repository, or "" for any other file.
func (g *generator) ownerFile(r *organization.Repository, path string, f *organization.File) string {
	template := map[string]string{
		ownersPath: []string{"CODEOWNERS", "CODEOWNERS.kept", "CODEOWNERS.left"}[f.Origin%3], teamsPath: "teams.yaml", securityPath: "SECURITY.md",
	}[path]
	if template == "" {
		return ""
	}
	users, groups := g.usersOf(r.Workspace), g.groupsOf(r.Workspace)
	member := users[f.Origin%len(users)]
	names := map[string]string{
		"Workspace": r.Workspace.Slug, "Member": member.Email, "Nickname": strings.ReplaceAll(member.Nickname, " ", `\ `),
		"Former": "former-colleague@example.com", "Group": "none",
	}
	if len(groups) > 0 {
		names["Group"] = groups[f.Origin%len(groups)].Slug
	}
	return render(template, names)
}

func render(name string, values any) string {
	var b strings.Builder
	if err := ruleTemplates.ExecuteTemplate(&b, name, values); err != nil {
		panic(err) // one of the files has an error
	}
	return b.String()
}
