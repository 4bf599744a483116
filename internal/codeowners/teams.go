package codeowners

import (
	"errors"

	"go.yaml.in/yaml/v3"
)

// Teams returns the owners that each team of a teams.yaml has, by the name of the team.
func Teams(text []byte) (map[string][]Owner, error) {
	var file map[string]struct {
		Contributors []string `yaml:"contributors"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil {
		return nil, errors.New(TeamsPath + " can't be read: it is not valid YAML, or lacks the contributors of a team")
	}
	teams := map[string][]Owner{}
	for name, team := range file {
		owners := []Owner{}
		for _, word := range team.Contributors {
			owners = append(owners, newOwner(word))
		}
		teams[name] = owners
	}
	return teams, nil
}
