// Package revocation finds out whose tokens must not live on when the users of a
// server change: those of people who may no longer log in, or no longer with the
// password of before. It is pure; what is still to be done is kept by its caller
// beside the users, so that it is written with the change and outlives a crash.
package revocation
