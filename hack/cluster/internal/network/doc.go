// Package network gives the node its address, the pods their links and the
// kernel the settings that both need, and takes all of it away again. It knows
// nothing of the node's processes.
package network
