// Package password hashes and verifies passwords: argon2id in PHC string form
// for what this project hashes, and besides what comes from elsewhere: bcrypt, and
// the formats of Django (PBKDF2, bcrypt over SHA-256, argon2 and scrypt). It bounds
// what a foreign hash may cost to verify.
//
// It knows nothing of users; who may try how often is login's to decide.
package password
