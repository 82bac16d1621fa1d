package sqlstore

import (
	"strconv"
	"strings"
	"sync"
)

// dialect is what differs in the text of statements and migrations.
type dialect struct {
	name string
	// marks replaces the {{...}} marks.
	marks *strings.Replacer
	// numbered says that placeholders are $1, $2, ... instead of ?.
	numbered bool
	// versioned asks whether there is a table schema_version.
	versioned string
}

func sqliteDialect() dialect {
	return dialect{
		name: "SQLite",
		marks: strings.NewReplacer(
			"{{blob}}", "BLOB",
			"{{keyed}}", "WITHOUT ROWID", // one tree instead of two for rows found by hash
			"{{changing}}", "WITHOUT ROWID",
			"{{lock}}", "",
			"{{skip locked}}", "",
		),
		versioned: "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'schema_version'",
	}
}

func postgresDialect() dialect {
	// Expired rows go in bulk all the time: vacuum when a fiftieth of a table is dead, not a fifth.
	const vacuum = "autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05"
	return dialect{
		name: "PostgreSQL",
		marks: strings.NewReplacer(
			"{{blob}}", "BYTEA",
			"{{keyed}}", "WITH ("+vacuum+")",
			"{{changing}}", "WITH (fillfactor = 85, "+vacuum+")", // room for the next version of a row on its page
			"{{lock}}", "FOR UPDATE",
			"{{skip locked}}", "FOR UPDATE SKIP LOCKED",
		),
		numbered:  true,
		versioned: "SELECT COUNT(to_regclass('schema_version'))",
	}
}

// text is the dialect's form of a statement. The statements of this package hold no ? but placeholders.
func (d dialect) text(query string) string {
	query = d.marks.Replace(query)
	if !d.numbered {
		return query
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r != '?' {
			b.WriteRune(r)
			continue
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
	}
	return b.String()
}

// texts remembers the dialect's forms. The number of statements is fixed.
type texts struct {
	dialect dialect
	mu      sync.RWMutex
	known   map[string]string
}

func newTexts(d dialect) *texts { return &texts{dialect: d, known: map[string]string{}} }

func (t *texts) of(query string) string {
	t.mu.RLock()
	text, ok := t.known[query]
	t.mu.RUnlock()
	if ok {
		return text
	}
	text = t.dialect.text(query)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known[query] = text
	return text
}
