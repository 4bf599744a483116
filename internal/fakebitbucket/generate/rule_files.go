package generate

import (
	"embed"
	"io/fs"
	"strings"
	"text/template"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
)

// ruleTexts are files that say how a repository is built and who owns what in it: good ones and bad ones.
//
//go:embed files
var ruleTexts embed.FS

var ruleTemplates = template.Must(template.ParseFS(ruleTexts, "files/*.*", "files/CODEOWNERS", "files/pipelines/*.yml"))

// pipelineNames are the names of the files with pipelines, of which each repository that has one gets one by chance.
var pipelineNames, _ = fs.Glob(ruleTexts, "files/pipelines/0*.yml") // the pattern is valid

const (
	pipelinesPath = "bitbucket-pipelines.yml"
	ownersPath    = ".bitbucket/CODEOWNERS"
	teamsPath     = ".bitbucket/teams.yaml"
	securityPath  = "SECURITY.md"
)

// sharing is the repository of a workspace whose pipelines others import: the first one.
func (g *generator) sharing(w *organization.Workspace) *organization.Repository {
	for _, r := range g.org.Repositories {
		if r.Workspace == w {
			return r
		}
	}
	return nil
}

// ruleFiles are the paths of such files that a repository has, besides those that its history makes.
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

// pipelineFile is a version of the file that says how a repository is built.
func (g *generator) pipelineFile(r *organization.Repository, f *organization.File) string {
	shared := g.sharing(r.Workspace)
	if r == shared {
		return render("shared.yml", nil)
	}
	name := pipelineNames[f.Origin%len(pipelineNames)]
	return render(name[strings.LastIndex(name, "/")+1:], map[string]string{"Shared": shared.Slug})
}

// ownerFile is a version of a file about the owners of a repository, or "" for any other file.
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
		panic(err) // a mistake in one of the files
	}
	return b.String()
}
