package audit

// An Area is a kind of what controls look into. Those of its table that the control was shown are covered: what it says
// holds for them, and of the others it says that they were not judged.
type Area struct {
	One, Many    string // what it is called
	Seen         string // what the connected account does with those that the table has
	Table        string // has all that the connected account sees
	Covered      string // condition for those that the control was shown, in SQL
	Administered bool   // only administrators are shown what controls look for there
}

// The areas. Where a control has a row for each of an area at least, its rows tell which it was shown; else the role of the
// connected account does.
var (
	workspaces             = &Area{One: "workspace", Many: "workspaces", Seen: "sees", Table: "bitbucket_workspace", Covered: "slug in (select workspace from judged)"}
	administeredWorkspaces = &Area{One: "workspace", Many: "workspaces", Seen: "sees", Table: "bitbucket_my_workspace", Covered: "is_administrator", Administered: true}

	repositories             = &Area{One: "repository", Many: "repositories", Seen: "sees", Table: "bitbucket_repository", Covered: "full_name in (select repository from judged)"}
	granted                  = &Area{One: "repository", Many: "repositories", Seen: "holds a permission on", Table: "bitbucket_my_repository", Covered: "full_name in (select repository from judged)"}
	accessed                 = &Area{One: "repository", Many: "repositories", Seen: "holds a permission on", Table: "bitbucket_my_repository", Covered: "full_name in (select repository from judged)", Administered: true}
	administeredRepositories = &Area{One: "repository", Many: "repositories", Seen: "holds a permission on", Table: "bitbucket_my_repository", Covered: "permission = 'admin'", Administered: true}
)

// Administered says whether only administrators are shown what the control looks for.
func (c *Control) Administered() bool { return c.Population[0].Administered }
