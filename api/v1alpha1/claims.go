package v1alpha1

// ReservedClaims returns the names that extra claims must not have: the claims
// to which RFC 7519, OpenID Connect Core 1.0 and RFC 9068 give a meaning in
// tokens, and those with a field of their own. The rule in the schema repeats the
// list; a test compares the two.
func ReservedClaims() []string {
	return []string{
		"iss", "sub", "aud", "exp", "nbf", "iat", "jti",
		"auth_time", "nonce", "acr", "amr", "azp", "at_hash", "c_hash", "s_hash", "sid", "cnf",
		"scope", "client_id", "active", "token_type", "act", "may_act", "_claim_names", "_claim_sources",
		"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
		"website", "email", "email_verified", "gender", "birthdate", "zoneinfo", "locale", "phone_number",
		"phone_number_verified", "address", "updated_at", "groups",
	}
}
