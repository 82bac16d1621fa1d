// Package password hashes and verifies passwords: argon2id in PHC string form
// for what this project hashes, bcrypt besides for hashes that come from
// elsewhere. It bounds what a foreign hash may cost to verify.
//
// It knows nothing of users; who may try how often is login's to decide.
package password
