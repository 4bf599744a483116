package generate

// The word lists for names. No name refers to a real person.
var (
	domains = []string{
		"payments", "checkout", "billing", "search", "catalog", "inventory", "shipping", "orders", "accounts",
		"identity", "notifications", "messaging", "reporting", "analytics", "pricing", "invoices", "returns",
		"loyalty", "reviews", "media", "documents", "scheduling", "support", "partners", "warehouse", "fraud",
		"ledger", "settings", "gateway", "telemetry",
	}
	repositoryKinds = []string{
		"api", "web", "worker", "service", "mobile", "library", "infra", "pipeline", "admin", "docs", "cli",
		"schema", "client", "events", "dashboard", "jobs", "proxy", "tests",
	}
	prefixes  = []string{"core", "legacy", "internal", "edge", "batch", "shared", "next", "labs", "data", "cloud"}
	languages = []string{"", "", "go", "typescript", "python", "java", "kotlin", "", "ruby", "c#", "hcl", "shell", ""}
	purposes  = []string{
		"Keeps %s in one place.", "Everything around %s.", "The %s that customers see.",
		"Nightly work on %s.", "Shared code for %s.", "",
	}

	projectNames = []string{
		"Platform", "Storefront", "Mobile", "Data", "Security", "Operations", "Research", "Integrations", "Payments",
		"Tooling", "Logistics", "Content",
	}
	groupNames = []string{
		"Administrators", "Developers", "Contractors", "Release Managers", "Quality & Test", "Data Engineers",
		"Security Review", "Support Desk", "Designers", "On Call", "Interns", "Architects",
	}

	colours = []string{
		"Amber", "Cobalt", "Crimson", "Indigo", "Ivory", "Jade", "Olive", "Saffron", "Scarlet", "Silver", "Teal",
		"Violet", "Ocre", "Añil", "Azul", "Grün",
	}
	animals = []string{
		"Heron", "Badger", "Otter", "Lynx", "Falcon", "Marmot", "Plover", "Gecko", "Walrus", "Ibex", "Tapir",
		"Raven", "Stoat", "Wombat", "Puffin", "Caribou", "Mantis", "Newt",
	}
)

// awkwardNames lists names of repositories that must be escaped somewhere, with their slugs.
var awkwardNames = []struct{ name, slug, description string }{
	{`The "quoted" repository`, "the-quoted-repository", `Says "hello", and C:\temp\new too.`},
	{`back\slash`, "back-slash", "A name with a backslash in it."},
	{"100% coverage", "100-coverage", "Percent signs %2F %s and _underscores_."},
	{"snake_case_tools", "snake_case_tools", "An underscore stands for itself, not for any letter."},
	{"Café – größer ✓", "cafe-groesser", "Ünïcödé, emoji 🚀, and a\ttab."},
	{"Legacy.Billing", "Legacy.Billing", "Its slug kept its upper case and its dot."},
	{"OPS Runbooks", "OPS-Runbooks", "First line.\nSecond line."},
	{"it's <b>bold</b> & more", "its-b-bold-b-more", "It's <script>not</script> HTML & never was."},
}
