// Package sample uses some fields.
package sample

// Outer has an embedded structure.
type Outer struct {
	Inner
	Read, Assigned, Composed, Unused string
}

// Inner is embedded.
type Inner struct{ Promoted, Set, Forgotten string }

// Pair is made without names.
type Pair struct{ First, Second string }

func use(in *Outer) string {
	out := Outer{Composed: "x", Inner: Inner{Set: "y"}}
	out.Assigned = in.Read
	_ = Pair{"a", "b"}
	_ = []Inner{{Set: "z"}}
	return in.Promoted + out.Inner.Set
}
