package powerpipe

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kindor/steampipe-plugin-bitbucket/internal/audit"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/codeowners"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/fakebitbucket/organization"
	"github.com/kindor/steampipe-plugin-bitbucket/internal/pipelines"
)

func init() { maps.Copy(truths, fileTruths) }

// file returns the content of a file at the head of the main branch.
func (w world) file(r *repository, path string) (content string, found bool) {
	head := w.Head(r)
	if head == nil {
		return "", false
	}
	for _, f := range w.SourceFiles(r, head) {
		if f.Path == path {
			return f.Content, true
		}
	}
	return "", false
}

// steps returns the steps of the pipelines of a repository, or nil if it has no file.
func (w world) steps(r *repository) []pipelines.Step {
	text, found := w.file(r, pipelines.Path)
	if !found {
		return nil
	}
	steps, err := pipelines.Steps([]byte(text), func(from pipelines.Source) ([]byte, bool, error) {
		other := w.Repository(r.Workspace.Slug + "/" + from.Repository)
		if other == nil {
			return nil, false, nil
		}
		shared, found := w.file(other, from.Path)
		return []byte(shared), found, nil
	})
	if err != nil {
		panic(err) // no other error is possible
	}
	return steps
}

// perFile judges each item of a repository. It skips repositories without one.
func perFile[T any](w world, pieces func(*repository) []T, isBad func(*repository, T) bool) verdicts {
	return w.perVisible(func(r *repository) audit.Status {
		all := pieces(r)
		if len(all) == 0 {
			return audit.Skip
		}
		return verdict(slices.ContainsFunc(all, func(one T) bool { return isBad(r, one) }))
	})
}

// readable returns the steps that could be parsed.
func (w world) readable(r *repository) []pipelines.Step {
	return slices.DeleteFunc(w.steps(r), func(s pipelines.Step) bool { return s.Error != "" })
}

func (w world) owners(r *repository) []codeowners.Owner {
	text, _ := w.file(r, codeowners.Path)
	var all []codeowners.Owner
	for _, rule := range codeowners.Rules(text) {
		all = append(all, rule.Owners...)
	}
	return all
}

// toProduction returns the steps that deploy to production.
func (w world) toProduction(r *repository) []pipelines.Step {
	return slices.DeleteFunc(w.readable(r), func(s pipelines.Step) bool {
		return s.Trigger == pipelines.Export || s.Deployment != "production"
	})
}

// perTool judges whether the pipelines of a repository use a program.
func (w world) perTool(tool string) verdicts {
	return w.perVisible(func(r *repository) audit.Status {
		steps := w.readable(r)
		if len(steps) == 0 {
			return audit.Skip
		}
		return verdict(!slices.ContainsFunc(steps, func(s pipelines.Step) bool { return slices.Contains(s.Programs, tool) }))
	})
}

// fileTruths are the truths about files of repositories.
var fileTruths = map[string]func(w world) verdicts{
	"pipeline_as_code": func(w world) verdicts {
		return w.perVisible(func(r *repository) audit.Status {
			if r.MainBranch == "" {
				return audit.Skip
			}
			steps := w.steps(r)
			return verdict(len(steps) == 0 || slices.ContainsFunc(steps, func(s pipelines.Step) bool { return s.Error != "" }))
		})
	},
	"pipeline_image_pinned": func(w world) verdicts {
		return perFile(w, w.readable, func(_ *repository, s pipelines.Step) bool {
			return s.Image == nil || !s.Image.IsPinned || slices.ContainsFunc(s.Services, func(x pipelines.Service) bool { return x.Image != nil && !x.Image.IsPinned })
		})
	},
	"pipeline_pipe_pinned": func(w world) verdicts {
		pipes := func(r *repository) (all []pipelines.Pipe) {
			for _, s := range w.readable(r) {
				all = append(all, s.Pipes...)
			}
			return all
		}
		return perFile(w, pipes, func(_ *repository, p pipelines.Pipe) bool { return !p.IsPinned })
	},
	"pipeline_secrets": func(w world) verdicts {
		return perFile(w, w.steps, func(_ *repository, s pipelines.Step) bool {
			return s.ImportedFrom == "" && slices.ContainsFunc(s.Secrets, func(x pipelines.Secret) bool { return x.Place != "service" })
		})
	},
	"pipeline_deployment_gate": func(w world) verdicts {
		return perFile(w, w.toProduction, func(r *repository, s pipelines.Step) bool {
			p := w.PipelinesOf(r)
			for _, e := range p.Environments {
				if e.Name == "Production" && (e.AdminOnly || e.Gated) {
					return false
				}
			}
			isScheduled := slices.ContainsFunc(p.Schedules, func(x *organization.PipelineSchedule) bool {
				return x.Target.SelectorType == "custom" && x.Target.SelectorPattern == s.Pattern
			})
			return !s.IsGated && (s.Trigger != pipelines.Custom || len(s.Events) > 0 || isScheduled)
		})
	},
	"pipeline_max_time": func(w world) verdicts {
		return perFile(w, w.readable, func(_ *repository, s pipelines.Step) bool { return s.MaxTime == 0 })
	},
	"pipeline_scanner": func(w world) verdicts { return w.perTool("trivy") },
	"pipeline_sbom":    func(w world) verdicts { return w.perTool("syft") },
	"runner_public": func(w world) verdicts {
		all := verdicts{}
		add := func(of string, runners []*organization.PipelineRunner, isOpen bool) {
			for _, x := range runners {
				all[of+" runner "+x.UUID] = verdict(isOpen)
			}
		}
		for _, r := range w.administered() {
			if p := w.PipelinesOf(r); p.Known {
				add(r.FullName(), p.Runners, !r.IsPrivate)
			}
		}
		for _, ws := range w.workspaces() {
			if w.Administers(ws, w.Connected) {
				add(ws.Slug, w.WorkspacePipelinesOf(ws).Runners, slices.ContainsFunc(w.RepositoriesOf(ws), func(r *repository) bool { return !r.IsPrivate }))
			}
		}
		return w.withRest(all, "runners", true, true)
	},
	"repository_signed_commits": func(w world) verdicts {
		return w.perVisible(func(r *repository) audit.Status {
			if r.EnforcedSignedCommits == nil {
				return audit.Info
			}
			return verdict(!*r.EnforcedSignedCommits)
		})
	},
	"code_owner_missing": func(w world) verdicts {
		return w.perVisible(func(r *repository) audit.Status {
			if r.MainBranch == "" {
				return audit.Skip
			}
			return verdict(len(w.owners(r)) == 0)
		})
	},
	"code_owner_left": func(w world) verdicts {
		return w.perVisible(func(r *repository) audit.Status {
			status := audit.OK
			owners := w.owners(r)
			for _, o := range owners {
				isThere := map[string]func() bool{
					codeowners.Team: func() bool { return true },
					codeowners.Email: func() bool {
						return slices.ContainsFunc(w.MembersOf(r.Workspace), func(m *organization.Membership) bool { return m.User.Email == o.ID })
					},
					codeowners.User: func() bool {
						return slices.ContainsFunc(w.MembersOf(r.Workspace), func(m *organization.Membership) bool { return m.User.Nickname == o.ID })
					},
					codeowners.Group: func() bool {
						return slices.ContainsFunc(w.GroupsOf(r.Workspace), func(g *organization.Group) bool { return g.Slug == o.ID })
					},
				}[o.Kind]()
				isShown := o.Kind == codeowners.Team || o.Kind == codeowners.User || w.Administers(r.Workspace, w.Connected)
				switch {
				case !isShown && status == audit.OK:
					status = audit.Info
				case isShown && !isThere:
					status = audit.Alarm
				}
			}
			if len(owners) == 0 {
				return audit.Skip
			}
			return status
		})
	},
	"repository_security_file": func(w world) verdicts {
		return w.perVisible(func(r *repository) audit.Status {
			if r.IsPrivate || r.MainBranch == "" {
				return audit.Skip
			}
			_, found := w.file(r, "SECURITY.md")
			return verdict(!found)
		})
	},
	"branch_inactive": func(w world) verdicts {
		return w.perVisible(func(r *repository) audit.Status {
			return verdict(slices.ContainsFunc(w.Branches(r), func(b *organization.Branch) bool {
				return b.Name != r.MainBranch && b.Target.Date.Before(w.daysAgo(90))
			}))
		})
	},
	"branch_linear": func(w world) verdicts {
		return w.perVisible(func(r *repository) audit.Status {
			if r.MainBranch == "" {
				return audit.Skip
			}
			return verdict(strings.Contains(fmt.Sprint(r.MergeStrategies()), "merge_commit"))
		})
	},
}
