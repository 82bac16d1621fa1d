// Package oauthuser reconciles OAuthUsers: it finds out whether a user's names
// are free, turns the password Secret into a hash, and says whether the server
// has been given the user. Writing the users into the server's Secrets is the
// authorizationserver package's work.
package oauthuser
