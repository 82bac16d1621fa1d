// Package layout says where the node's files lie and which names and addresses
// it uses. It does no I/O; every other package of this command reads it.
package layout
