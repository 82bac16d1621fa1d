// Package progress tells a person what happens and how long it took. It knows
// nothing of what the steps do.
package progress
