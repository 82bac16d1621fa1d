// Package process starts long-lived processes, finds them again in a later run
// of this command, and stops them. A process is remembered by its id, its start
// time and the boot of the machine, so that a recycled id is never mistaken
// for it. It also runs short commands. It does not know what the processes are.
package process
