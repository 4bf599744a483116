// Package similar finds the word that somebody meant.
package similar

import (
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// To returns the known word that is most similar to a word, or "" if none is similar. Similar is a word in which at
// most every third letter differs, in any case. A prefix that all known words have doesn't count.
func To(word string, known []string) string {
	prefix := commonPrefix(known)
	bare := strings.TrimPrefix(strings.ToLower(word), prefix)
	best, least := "", max(1, len(bare)/3)+1
	for _, k := range known {
		if d := distance(bare, strings.TrimPrefix(strings.ToLower(k), prefix)); d < least {
			best, least = k, d
		}
	}
	return best
}

// distance returns the number of letters that differ. Two letters that were swapped count as one.
func distance(a, b string) int {
	d := levenshtein.Distance(a, b, nil)
	if d == 2 && sorted(a) == sorted(b) {
		return 1
	}
	return d
}

func sorted(word string) string {
	letters := []rune(word)
	slices.Sort(letters)
	return string(letters)
}

// commonPrefix returns the beginning, up to an underscore, that all words share, in lower case.
func commonPrefix(words []string) string {
	if len(words) < 2 {
		return ""
	}
	prefix := strings.ToLower(words[0])
	for _, w := range words[1:] {
		for !strings.HasPrefix(strings.ToLower(w), prefix) {
			prefix = prefix[:len(prefix)-1]
		}
	}
	return prefix[:strings.LastIndex(prefix, "_")+1]
}
