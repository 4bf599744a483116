package pipelines

import (
	"regexp"
	"strings"
)

var (
	secretName = regexp.MustCompile(`(?i)(token|secret|passw|pwd|credential|api_?key|private_?key|access_?key|signing_?key|ssh_?key|_dsn$|webhook_?url$)`)
	// A name like these is of something about a secret.
	harmlessName = regexp.MustCompile(`(?i)(^pwd$|^oldpwd$|public|_(file|path|dir|url|uri|name|id|type|arn|ttl|length|policy|version|stdin)$)`)
	webhookURL   = regexp.MustCompile(`(?i)webhook_?url$`)
	// A value like these is a switch, a number or a place for a value.
	harmlessValue = regexp.MustCompile(`(?i)^(|true|false|yes|no|on|off|none|null|\d{1,5}|<.*>|id=.*|\*+|x+|[./~].*)$`)
)

// isSecretName reports whether a variable with the name is likely to have a secret.
func isSecretName(name string) bool {
	return secretName.MatchString(name) && (!harmlessName.MatchString(name) || webhookURL.MatchString(name))
}

// isSecret reports whether a value that is written under a name is likely to be a secret.
func isSecret(name, value string) bool {
	return isSecretName(name) && !strings.Contains(value, "$") && !harmlessValue.MatchString(value)
}

// forms are secrets that are known by their form alone.
var forms = []struct {
	name string
	form *regexp.Regexp
}{
	{"AWS access key", regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{16}\b`)},
	{"Atlassian API token", regexp.MustCompile(`\bAT[ACB]TT3[A-Za-z0-9_=-]{20,}`)},
	{"GitHub token", regexp.MustCompile(`\b(gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22,})`)},
	{"GitLab token", regexp.MustCompile(`\bglpat-[A-Za-z0-9_-]{20}`)},
	{"Google API key", regexp.MustCompile(`\bAIza[A-Za-z0-9_-]{35}`)},
	{"npm token", regexp.MustCompile(`\bnpm_[A-Za-z0-9]{36}`)},
	{"Slack token", regexp.MustCompile(`\bxox[abprs]-[A-Za-z0-9-]{10,}`)},
	{"Slack webhook", regexp.MustCompile(`hooks\.slack\.com/services/T[A-Za-z0-9]+/B[A-Za-z0-9]+/[A-Za-z0-9]+`)},
	{"Stripe key", regexp.MustCompile(`\b[sr]k_live_[A-Za-z0-9]{16,}`)},
	{"private key", regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----`)},
	{"password in an address", regexp.MustCompile(`://[^\s/:@$'"]+:[^\s/:@$'"{}<>]+@`)},
}

// formsIn returns the names of the secrets in a text that are known by their form.
func formsIn(text string) []string {
	var names []string
	for _, known := range forms {
		if known.form.MatchString(text) {
			names = append(names, known.name)
		}
	}
	return names
}

// secretsByForm returns the secrets in a whole file that are known by their form, wherever they are.
func secretsByForm(text []byte) []Secret {
	var found []Secret
	line := 0
	for part := range strings.Lines(string(text)) {
		line++
		for _, name := range formsIn(part) {
			found = append(found, Secret{Written, name, "file", line})
		}
	}
	return found
}

// secretsIn returns the secrets among values that the file has under their names.
func secretsIn(place string, values map[string]scalar) []Secret {
	var found []Secret
	for name, v := range values {
		if isSecret(name, v.text) {
			found = append(found, Secret{Written, name, place, v.line})
		}
	}
	return found
}
