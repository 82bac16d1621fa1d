package authorizationserver

import (
	"encoding/json"
	"fmt"

	configv1alpha1 "github.com/authserver-dev/operator/api/config/v1alpha1"
	authv1alpha1 "github.com/authserver-dev/operator/api/v1alpha1"
)

// project returns a user as the server reads it.
func project(server *authv1alpha1.AuthorizationServer, user *authv1alpha1.OAuthUser, hash string) (configv1alpha1.User, error) {
	entry := configv1alpha1.User{
		Subject: user.EffectiveSubject(), Username: user.Spec.Username, PasswordHash: hash, Disabled: !user.Spec.EffectiveActive(),
		Claims: map[string]json.RawMessage{},
	}
	for name, value := range claims(server, user) {
		raw, err := json.Marshal(value)
		if err != nil {
			return entry, fmt.Errorf("encoding claim %s of OAuthUser %s: %w", name, user.Name, err)
		}
		entry.Claims[name] = raw
	}
	for _, extra := range user.Spec.ExtraClaims {
		if _, taken := entry.Claims[extra.Name]; !taken && len(extra.Value.Raw) > 0 {
			entry.Claims[extra.Name] = json.RawMessage(extra.Value.Raw)
		}
	}
	return entry, nil
}

// claims returns the standard claims that have a value (OpenID Connect Core 1.0, section 5.1).
func claims(server *authv1alpha1.AuthorizationServer, user *authv1alpha1.OAuthUser) map[string]any {
	c := &user.Spec.Claims
	values := map[string]any{}
	texts := map[string]string{
		"name": c.Name, "given_name": c.GivenName, "family_name": c.FamilyName, "middle_name": c.MiddleName, "nickname": c.Nickname,
		"preferred_username": c.PreferredUsername, "profile": string(c.Profile), "picture": string(c.Picture), "website": string(c.Website),
		"email": string(c.Email), "gender": c.Gender, "birthdate": string(c.Birthdate), "zoneinfo": c.Zoneinfo, "locale": c.Locale,
		"phone_number": string(c.PhoneNumber),
	}
	for name, text := range texts {
		if text != "" {
			values[name] = text
		}
	}
	if c.PreferredUsername == "" {
		values["preferred_username"] = user.Spec.Username
	}
	if c.Email != "" {
		values["email_verified"] = server.Spec.EffectiveEmailVerification() == authv1alpha1.EmailVerified
	}
	if c.Email != "" && c.EmailVerified != nil {
		values["email_verified"] = *c.EmailVerified
	}
	if c.PhoneNumber != "" {
		values["phone_number_verified"] = c.PhoneNumberVerified != nil && *c.PhoneNumberVerified
	}
	if address := address(c.Address); len(address) > 0 {
		values["address"] = address
	}
	if len(user.Spec.Groups) > 0 {
		values["groups"] = user.Spec.Groups
	}
	return values
}

// address returns the address claim (OpenID Connect Core 1.0, section 5.1.1).
func address(a *authv1alpha1.Address) map[string]string {
	if a == nil {
		return nil
	}
	values := map[string]string{}
	for name, text := range map[string]string{
		"formatted": a.Formatted, "street_address": a.StreetAddress, "locality": a.Locality, "region": a.Region, "postal_code": a.PostalCode, "country": a.Country,
	} {
		if text != "" {
			values[name] = text
		}
	}
	return values
}
