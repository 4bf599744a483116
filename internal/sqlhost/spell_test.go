package sqlhost

import (
	"testing"
)

// TestCutOff truncates statements after each token, and removes each token.
func TestCutOff(t *testing.T) {
	names := map[string][]Type{"open": {Boolean}, "at": {Timestamp}}
	for _, sql := range []string{
		`create temp table temp . a as select 'x' = open, 't' <> m . open from m where open in ( 'f' , 't' ) or open is not distinct from 'f' and not open between 't' and 'f'`,
		`select case open when 'true' then 1 when 'f' then case when 't' = open then 2 end end , open`,
		`select max ( distinct at ) filter ( where at < at ) over w < 'x' , coalesce ( m . at , min ( at ) over ( order by 1 ) ) between 1 and 2 , at`,
		`= open = < > at ! = at ) ( open in ( at in ( max ( at`,
	} {
		tokens, err := lex(sql)
		if err != nil {
			t.Fatal(err)
		}
		for i := range tokens {
			for _, part := range [][]token{tokens[:i+1], tokens[i:], append(append([]token(nil), tokens[:i]...), tokens[i+1:]...)} {
				for _, e := range edits(sql, part, names) {
					if e.begin < 0 || e.end < e.begin || e.end > len(sql) {
						t.Errorf("%s: an edit of %d to %d", sql, e.begin, e.end)
					}
				}
				createAs(sql, part)
			}
		}
	}
}

func TestCreateAs(t *testing.T) {
	for sql, want := range map[string][3]string{
		`create temp table a as select 1`:               {`create temp table a`, `temp.a`, `select 1`},
		`create table main.a as values (1)`:             {`create table main.a`, `main.a`, `values (1)`},
		`CREATE TEMPORARY TABLE temp."a b" AS select 1`: {`CREATE TEMPORARY TABLE temp."a b"`, `temp."a b"`, `select 1`},
		`create table a(b)`:                             {},
		`create table if not exists a as select 1`:      {},
		`create temp view a as select 1`:                {},
		`create table a . b`:                            {},
		`create`:                                        {},
		`select 1`:                                      {},
	} {
		tokens, err := lex(sql)
		if err != nil {
			t.Fatal(err)
		}
		create, table, query := createAs(sql, tokens)
		if got := [3]string{create, table, query}; got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}
