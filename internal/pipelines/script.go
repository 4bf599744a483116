package pipelines

import (
	"path"
	"regexp"
	"slices"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// A script is what is known of the commands of a step.
type script struct {
	programs []string
	used     []string        // variables that it reads
	own      map[string]bool // variables that it sets itself
	secrets  []Secret
}

// add reads a command. What is no shell, such as PowerShell, only has variables.
func (s *script) add(text string, line int) {
	parsed, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(text), "")
	if err != nil {
		s.uses(text)
		return
	}
	at := func(n syntax.Node) int { return line + int(n.Pos().Line()) - 1 }
	var isSilent []bool // for each node around, whether what it prints goes elsewhere than to the log
	syntax.Walk(parsed, func(n syntax.Node) bool {
		if n == nil {
			isSilent = isSilent[:len(isSilent)-1]
			return false
		}
		silent := len(isSilent) > 0 && isSilent[len(isSilent)-1] || keepsOutput(n)
		switch n := n.(type) {
		case *syntax.ParamExp:
			if n.Param != nil && isName(n.Param.Value) {
				s.used = append(s.used, n.Param.Value)
			}
		case *syntax.WordIter:
			s.own[n.Name.Value] = true
		case *syntax.Assign:
			s.assigns(n, at(n))
		case *syntax.CallExpr:
			s.calls(n, at(n), silent)
		case *syntax.BinaryCmd:
			if n.Op == syntax.Pipe || n.Op == syntax.PipeAll {
				silent = silent || !passesOn(n.Y)
			}
		}
		isSilent = append(isSilent, silent)
		return true
	})
}

var (
	nameForm = regexp.MustCompile(`^[A-Za-z_]\w*$`)
	varForm  = regexp.MustCompile(`\$(?:env:|\{)?([A-Za-z_]\w*)`)
)

func isName(s string) bool { return nameForm.MatchString(s) }

// uses adds the variables in a text that is no script.
func (s *script) uses(text string) {
	for _, found := range varForm.FindAllStringSubmatch(text, -1) {
		s.used = append(s.used, found[1])
	}
}

// assigns adds a variable that the script sets.
func (s *script) assigns(a *syntax.Assign, line int) {
	if a.Name == nil {
		return
	}
	if a.Value != nil || a.Array != nil {
		s.own[a.Name.Value] = true
	}
	if value, ok := literal(a.Value); ok && isSecret(a.Name.Value, value) {
		s.secrets = append(s.secrets, Secret{Written, a.Name.Value, "script", line})
	}
}

// calls adds a program, and the secrets that it prints or that its arguments are.
func (s *script) calls(call *syntax.CallExpr, line int, silent bool) {
	if len(call.Args) == 0 {
		return
	}
	name, ok := literal(call.Args[0])
	if !ok || name == "" {
		return
	}
	name = path.Base(name)
	s.programs = append(s.programs, name)
	if next := slices.IndexFunc(call.Args[1:], isNoOption); slices.Contains(starters, name) && next >= 0 {
		if started, ok := literal(call.Args[1+next]); ok {
			s.programs = append(s.programs, path.Base(started))
		}
	}
	for i, arg := range call.Args[1:] {
		if option, ok := secretOption(arg, call.Args[i+2:]); ok {
			s.secrets = append(s.secrets, Secret{Written, option, "script", line})
		}
	}
	if silent {
		return
	}
	for _, printed := range printedBy(name, call.Args[1:]) {
		s.secrets = append(s.secrets, Secret{Echoed, printed, "script", line})
	}
}

// starters are programs that start another.
var starters = []string{"sudo", "npx", "exec", "time", "env", "command"}

func isNoOption(w *syntax.Word) bool {
	text, ok := literal(w)
	return ok && !strings.HasPrefix(text, "-") && !strings.Contains(text, "=")
}

// secretOption returns the name of an option whose value is a secret, as in --password=… or --token ….
func secretOption(arg *syntax.Word, next []*syntax.Word) (name string, ok bool) {
	text, isWhole := literal(arg)
	if !isWhole || !strings.HasPrefix(text, "--") {
		return "", false
	}
	option, value, hasValue := strings.Cut(text[2:], "=")
	if !hasValue && len(next) > 0 {
		value, hasValue = literal(next[0])
		hasValue = hasValue && !strings.HasPrefix(value, "-")
	}
	return "--" + option, hasValue && isSecret(strings.ReplaceAll(option, "-", "_"), value)
}

// printedBy returns the names of the secrets that a program prints, or "all variables".
func printedBy(program string, args []*syntax.Word) (names []string) {
	switch program {
	case "echo", "printf":
		for _, arg := range args {
			syntax.Walk(arg, func(n syntax.Node) bool {
				if p, ok := n.(*syntax.ParamExp); ok && isPrinted(p) && isSecretName(p.Param.Value) {
					names = append(names, p.Param.Value)
				}
				_, elsewhere := n.(*syntax.CmdSubst) // its own commands are looked at by themselves
				return !elsewhere
			})
		}
	case "printenv", "env":
		if len(args) == 0 {
			return []string{"all variables"}
		}
		for _, arg := range args {
			if name, ok := literal(arg); ok && program == "printenv" && isSecretName(name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// isPrinted reports whether an expansion has the value of its variable, and not only whether it is set, or its length.
func isPrinted(p *syntax.ParamExp) bool {
	isTest := p.Exp != nil && (p.Exp.Op == syntax.AlternateUnset || p.Exp.Op == syntax.AlternateUnsetOrNull)
	return p.Param != nil && !p.Length && !isTest
}

// keepsOutput reports whether the output of what is in a node does not get to the log.
func keepsOutput(n syntax.Node) bool {
	switch n := n.(type) {
	case *syntax.CmdSubst, *syntax.ProcSubst:
		return true
	case *syntax.Stmt:
		return slices.ContainsFunc(n.Redirs, func(r *syntax.Redirect) bool {
			isOutput := r.N == nil || r.N.Value == "1"
			return isOutput && (r.Op == syntax.RdrOut || r.Op == syntax.AppOut || r.Op == syntax.RdrAll || r.Op == syntax.AppAll)
		})
	}
	return false
}

// passesOn reports whether the last command of a pipe prints what it is given, as it is or in another form.
func passesOn(last *syntax.Stmt) bool {
	call, ok := last.Cmd.(*syntax.CallExpr)
	if !ok || keepsOutput(last) || len(call.Args) == 0 {
		return false
	}
	name, _ := literal(call.Args[0])
	return slices.Contains([]string{"cat", "tee", "base64", "rev", "xxd", "od", "fold", "sed", "tr"}, path.Base(name))
}

// literal returns the text of a word that has no expansions.
func literal(w *syntax.Word) (text string, ok bool) {
	if w == nil {
		return "", false
	}
	return literalParts(w.Parts)
}

func literalParts(parts []syntax.WordPart) (string, bool) {
	var b strings.Builder
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			b.WriteString(part.Value)
		case *syntax.SglQuoted:
			b.WriteString(part.Value)
		case *syntax.DblQuoted:
			inside, ok := literalParts(part.Parts)
			if !ok {
				return "", false
			}
			b.WriteString(inside)
		default:
			return "", false
		}
	}
	return b.String(), true
}
