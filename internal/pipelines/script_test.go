package pipelines

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The variables, programs and secrets of each command of a script.
func TestScripts(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]struct {
		programs, variables []string
		secrets             []string // kind and name
	}{
		"go test ./...":                                     {programs: []string{"go"}},
		"./ci/run.sh $A ${B:-x} \"$C\" '$D'":                {programs: []string{"run.sh"}, variables: []string{"A", "B", "C"}},
		"for f in $FILES; do wc $f; done":                   {programs: []string{"wc"}, variables: []string{"FILES"}},
		"X=1; echo $X $Y $1 $?":                             {programs: []string{"echo"}, variables: []string{"Y"}},
		"sudo npx --yes snyk test":                          {programs: []string{"npx", "sudo"}},
		"npx --yes snyk test":                               {programs: []string{"npx", "snyk"}},
		"if true; then echo ok":                             {}, // no shell
		"foreach ($x in $env:NAME) { Write-Host ${OTHER} }": {variables: []string{"NAME", "OTHER", "x"}},

		"export API_TOKEN=abcdef0123":                 {secrets: []string{"written API_TOKEN"}},
		"export API_TOKEN='abcdef0123'":               {secrets: []string{"written API_TOKEN"}},
		"DB_PASSWORD=hunter22 ./migrate":              {programs: []string{"migrate"}, secrets: []string{"written DB_PASSWORD"}},
		"export API_TOKEN=$OTHER":                     {variables: []string{"OTHER"}},
		"export API_TOKEN=\"prefix-$OTHER\"":          {variables: []string{"OTHER"}},
		"export API_TOKEN=$(vault read x)":            {programs: []string{"vault"}},
		"export API_TOKEN=":                           {},
		"export TOKEN_FILE=token.txt PUBLIC_KEY=abcd": {},
		"export PASSWORD=/run/secrets/x":              {},
		"export USE_TOKEN=true":                       {},
		"docker login -u ci --password hunter22":      {programs: []string{"docker"}, secrets: []string{"written --password"}},
		"docker login --password=hunter22":            {programs: []string{"docker"}, secrets: []string{"written --password"}},
		"docker login --password $PASSWORD":           {programs: []string{"docker"}, variables: []string{"PASSWORD"}},
		"docker login --password-stdin example.com":   {programs: []string{"docker"}},
		"docker build --secret id=npm .":              {programs: []string{"docker"}},

		"echo $API_TOKEN":                             {programs: []string{"echo"}, variables: []string{"API_TOKEN"}, secrets: []string{"echoed API_TOKEN"}},
		"echo \"token: ${API_TOKEN}\"":                {programs: []string{"echo"}, variables: []string{"API_TOKEN"}, secrets: []string{"echoed API_TOKEN"}},
		"printf '%s' \"${API_TOKEN:0:4}\" >&2":        {programs: []string{"printf"}, variables: []string{"API_TOKEN"}, secrets: []string{"echoed API_TOKEN"}},
		"echo $API_TOKEN | base64":                    {programs: []string{"base64", "echo"}, variables: []string{"API_TOKEN"}, secrets: []string{"echoed API_TOKEN"}},
		"echo $API_TOKEN | base64 -d > key":           {programs: []string{"base64", "echo"}, variables: []string{"API_TOKEN"}},
		"echo $API_TOKEN | docker login":              {programs: []string{"docker", "echo"}, variables: []string{"API_TOKEN"}},
		"echo $API_TOKEN > .npmrc":                    {programs: []string{"echo"}, variables: []string{"API_TOKEN"}},
		"echo $API_TOKEN >> .npmrc":                   {programs: []string{"echo"}, variables: []string{"API_TOKEN"}},
		"{ echo $API_TOKEN; } > .npmrc":               {programs: []string{"echo"}, variables: []string{"API_TOKEN"}},
		"X=$(echo $API_TOKEN)":                        {programs: []string{"echo"}, variables: []string{"API_TOKEN"}},
		"echo ${#API_TOKEN} ${API_TOKEN:+set}":        {programs: []string{"echo"}, variables: []string{"API_TOKEN"}},
		"echo $BITBUCKET_COMMIT":                      {programs: []string{"echo"}, variables: []string{"BITBUCKET_COMMIT"}},
		"printenv":                                    {programs: []string{"printenv"}, secrets: []string{"echoed all variables"}},
		"env | sort":                                  {programs: []string{"env", "sort"}},
		"printenv API_TOKEN":                          {programs: []string{"printenv"}, secrets: []string{"echoed API_TOKEN"}},
		"if [ -z $API_TOKEN ]; then echo missing; fi": {programs: []string{"[", "echo"}, variables: []string{"API_TOKEN"}},

		"curl https://ci:hunter22@example.com/":  {programs: []string{"curl"}, secrets: []string{"written password in an address"}},
		"curl https://ci:$PASSWORD@example.com/": {programs: []string{"curl"}, variables: []string{"PASSWORD"}},
		"curl -H AKIA" + "ABCDEFGHIJKLMNOP":      {programs: []string{"curl"}, secrets: []string{"written AWS access key"}},
	} {
		quoted, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		steps := stepsOf(t, "pipelines:\n  default:\n    - step:\n        script:\n          - true\n          - "+string(quoted)+"\n")
		first := steps[0]
		if first.Error != "" {
			t.Errorf("%s: %s", line, first.Error)
		}
		programs := slices.DeleteFunc(first.Programs, func(name string) bool { return name == "true" })
		if diff := cmp.Diff(want.programs, programs, cmpEmpty); diff != "" {
			t.Errorf("%s: programs (-want +got):\n%s", line, diff)
		}
		if diff := cmp.Diff(want.variables, first.Variables, cmpEmpty); diff != "" {
			t.Errorf("%s: variables (-want +got):\n%s", line, diff)
		}
		var secrets []string
		for _, s := range first.Secrets {
			secrets = append(secrets, s.Kind+" "+s.Name)
			if s.Line != 6 {
				t.Errorf("%s: %s is in line %d, want 6", line, s.Name, s.Line)
			}
		}
		if diff := cmp.Diff(want.secrets, secrets, cmpEmpty); diff != "" {
			t.Errorf("%s: secrets (-want +got):\n%s", line, diff)
		}
	}
}

// cmpEmpty compares lists. nil equals an empty list.
var cmpEmpty = cmp.Transformer("list", func(list []string) string { return strings.Join(list, "\n") })

// Secrets have their position and line, wherever they are, and never their value.
func TestSecrets(t *testing.T) {
	t.Parallel()
	const value = "hunter22hunter22"
	text := strings.ReplaceAll(`# https://ci:VALUE@example.com
x: &password VALUE
image:
  name: registry.example.com/base
  password: VALUE
definitions:
  services:
    db:
      image: postgres:17
      variables: {POSTGRES_PASSWORD: VALUE, POSTGRES_USER: VALUE}
pipelines:
  custom:
    release:
      - variables:
          - name: API_TOKEN
            default: VALUE
          - name: REGION
            default: VALUE
      - step:
          services: [db]
          script:
            - |
              make
              export API_TOKEN=VALUE
              echo $API_TOKEN
            - pipe: ci/deploy:1.2.3
              variables:
                PASSWORD: *password
                SECRET: $SECRET
                USER: VALUE
`, "VALUE", value)
	want := []Secret{
		{Written, "PASSWORD", "pipe", 2},
		{Written, "password", "image", 5},
		{Written, "POSTGRES_PASSWORD", "service", 10},
		{Written, "API_TOKEN", "variable", 16},
		{Written, "API_TOKEN", "script", 24},
		{Echoed, "API_TOKEN", "script", 25},
		{Written, "password in an address", "file", 1},
	}
	steps := stepsOf(t, text)
	if diff := cmp.Diff(want, steps[0].Secrets); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	shown, err := json.Marshal(steps)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(shown), value) {
		t.Errorf("a value is shown: %s", shown)
	}
}

// Every known form of a secret has an example here. The examples are not real secrets.
func TestForms(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Ab1", 20)
	examples := map[string]string{
		"AWS access key": "AKIA" + "ABCDEFGHIJKLMNOP", "Atlassian API token": "ATATT3" + "x" + long, "GitHub token": "ghp_" + long[:36],
		"GitLab token": "glpat-" + long[:20], "Google API key": "AIza" + long[:35], "npm token": "npm_" + long[:36], "Slack token": "xoxb-" + long[:20],
		"Slack webhook": "https://hooks.slack.com/services/T" + long[:8] + "/B" + long[:8] + "/" + long[:20], "Stripe key": "sk_live_" + long[:20],
		"private key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----", "password in an address": "postgres://app:hunter22@db/app",
	}
	for _, known := range forms {
		if diff := cmp.Diff([]string{known.name}, formsIn("x "+examples[known.name]+" y")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", known.name, diff)
		}
	}
	for _, harmless := range []string{"https://example.com:8080/a@b", "https://$USER:$PASSWORD@example.com", "git@bitbucket.org:acme/website.git", "AKIA", "https://user@example.com"} {
		if found := formsIn(harmless); len(found) > 0 {
			t.Errorf("%s passes for %s", harmless, found)
		}
	}
}
