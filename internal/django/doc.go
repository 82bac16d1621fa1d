// Package django turns the users of a Django server into OAuthUsers: a dump of
// django.contrib.auth, as "manage.py dumpdata auth" writes it, becomes one
// OAuthUser and one Secret with the password hash for each user.
//
// It reads and returns data only; it knows no cluster.
package django
