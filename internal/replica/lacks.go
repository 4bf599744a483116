package replica

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Lacks returns why the copy does not have a table as the spec says, with all those columns and rows; nil if it does.
func (r Record) Lacks(s *Spec) error {
	var last runState
	if err := json.Unmarshal(r.State, &last); err != nil {
		return fmt.Errorf("the record of the last run can't be read: %w", err)
	}
	switch is, ok := last.Tables[s.Name]; {
	case !ok:
		return fmt.Errorf("the copy does not have %s: sync it, too", s.Name)
	case is.Mark != s.mark():
		return errors.New("the copy has only a part of " + s.Name + ", or another version of the program has made it: sync all of the table again")
	}
	return nil
}
