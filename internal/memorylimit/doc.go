// Package memorylimit makes the garbage collector respect the memory limit of the
// container that the program runs in.
package memorylimit
