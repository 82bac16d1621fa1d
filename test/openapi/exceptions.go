package openapi

import (
	"fmt"
	"strings"
	"testing"
)

// Exception is a finding that is known and has a reason.
type Exception struct {
	// Document is V2 or V3; empty means both.
	Document string
	// Operation is that of the finding; empty means any.
	Operation string
	// Part is that of the finding; empty means both.
	Part string
	// Pointer is that of the finding.
	Pointer string
	// Problem is part of that of the finding; empty means any.
	Problem string
	// Reason says why it is allowed. Required.
	Reason string
}

// Exceptions are those for one document, and which of them were needed.
type Exceptions struct {
	rows []Exception
	used []bool
}

// NewExceptions takes from a table the exceptions for a document.
func NewExceptions(document *Document, table []Exception) *Exceptions {
	e := &Exceptions{}
	for _, row := range table {
		if row.Document == "" || row.Document == document.Name {
			e.rows = append(e.rows, row)
		}
	}
	e.used = make([]bool, len(e.rows))
	return e
}

// Report makes errors of the findings that no exception allows, each one once.
func (e *Exceptions) Report(tb testing.TB, findings []Finding) {
	tb.Helper()
	seen := map[string]bool{}
	for _, finding := range findings {
		if line := finding.String(); !e.allows(finding) && !seen[line] {
			seen[line] = true
			tb.Error(line)
		}
	}
}

func (e *Exceptions) allows(finding Finding) bool {
	allowed := false
	for i, row := range e.rows {
		if (row.Operation == "" || row.Operation == finding.Operation) && (row.Part == "" || row.Part == finding.Part) &&
			row.Pointer == finding.Pointer && strings.Contains(finding.Problem, row.Problem) {
			e.used[i], allowed = true, true
		}
	}
	return allowed
}

// Unused returns the exceptions that allowed nothing, and those without a reason.
func (e *Exceptions) Unused() []error {
	var errs []error
	for i, row := range e.rows {
		if row.Reason == "" {
			errs = append(errs, fmt.Errorf("the exception %s %s %s has no reason", row.Operation, row.Part, row.Pointer))
		}
		if !e.used[i] {
			errs = append(errs, fmt.Errorf("the exception %s %s %s allows nothing: remove it", row.Operation, row.Part, row.Pointer))
		}
	}
	return errs
}
