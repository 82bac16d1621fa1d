// Package users knows the people who can log in, from the files that the
// operator projects. It reloads them in place; a file that cannot be read keeps
// its last good content, and the others go on changing.
//
// It does not check passwords and knows nothing of requests.
package users
