package audit

// An Area is a set of objects in which controls look. Those of its table that the control was shown are covered: the
// control judges them, and reports the others as not judged.
type Area struct {
	One, Many    string // its name
	Seen         string // the connected account's relation to the objects of the table
	Table        string // contains all objects that the connected account sees
	Covered      string // condition for the covered objects, in SQL
	Administered bool   // Bitbucket shows what controls look for only to administrators
}

// The areas. If a control has at least one row for each object of an area, its rows show which objects are covered;
// otherwise the role of the connected account does.
var (
	workspaces             = &Area{One: "workspace", Many: "workspaces", Seen: "sees", Table: "bitbucket_workspace", Covered: "slug in (select workspace from judged)"}
	administeredWorkspaces = &Area{One: "workspace", Many: "workspaces", Seen: "sees", Table: "bitbucket_my_workspace", Covered: "is_administrator", Administered: true}

	repositories             = &Area{One: "repository", Many: "repositories", Seen: "sees", Table: "bitbucket_repository", Covered: "full_name in (select repository from judged)"}
	seenRepositories         = &Area{One: "repository", Many: "repositories", Seen: "sees", Table: "bitbucket_repository", Covered: "true"}
	granted                  = &Area{One: "repository", Many: "repositories", Seen: "has a permission on", Table: "bitbucket_my_repository", Covered: "full_name in (select repository from judged)"}
	accessed                 = &Area{One: "repository", Many: "repositories", Seen: "has a permission on", Table: "bitbucket_my_repository", Covered: "full_name in (select repository from judged)", Administered: true}
	administeredRepositories = &Area{One: "repository", Many: "repositories", Seen: "has a permission on", Table: "bitbucket_my_repository", Covered: "permission = 'admin'", Administered: true}
)

// Administered reports whether Bitbucket shows what the control looks for only to administrators.
func (c *Control) Administered() bool { return c.Population[0].Administered }
