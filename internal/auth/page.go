package auth

import (
	"html/template"
	"net/http"
)

// A Page is the page that the browser shows at the end of a login.
type Page struct {
	Status      int
	Title, Text string
}

// show writes the page. The page loads nothing, and browsers don't store it.
func (p Page) show(w http.ResponseWriter) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	header.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(p.Status)
	_ = pageTemplate.Execute(w, p) // the browser may be gone
}

// Good reports whether the login succeeded.
func (p Page) Good() bool { return p.Status == http.StatusOK }

var pageTemplate = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{{.Title}} – steampipe-plugin-bitbucket</title>
<style>
:root { color-scheme: light dark; --good: #1a7f37; --bad: #b3261e; --quiet: #57606a }
@media (prefers-color-scheme: dark) { :root { --good: #56d364; --bad: #ff8a80; --quiet: #9aa4af } }
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 36rem; margin: 15vh auto; padding: 0 1rem; overflow-wrap: anywhere }
header { color: var(--quiet); font-size: 0.9rem }
h1 { margin: 0.5rem 0; color: var({{if .Good}}--good{{else}}--bad{{end}}) }
</style>
</head>
<body>
<header>steampipe-plugin-bitbucket</header>
<h1>{{.Title}}</h1>
<p>{{.Text}}</p>
</body>
</html>
`))
