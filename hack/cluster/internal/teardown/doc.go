// Package teardown removes what containers leave on a machine when nobody
// looks after them any more: processes, mounts, control groups, and the files
// that container software keeps outside of the state directory. It touches
// only what it can trace to that state directory.
package teardown
