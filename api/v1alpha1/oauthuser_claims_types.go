package v1alpha1

import apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

// Claims are the standard claims of OpenID Connect Core 1.0 section 5.1, in
// Kubernetes spelling: givenName is the claim given_name, and so on. An unset
// field is a claim that is not there.
type Claims struct {
	// name is the full name as it is displayed.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Name string `json:"name,omitempty"`

	// givenName is the first name or names (given_name).
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	GivenName string `json:"givenName,omitempty"`

	// familyName is the last name or names (family_name).
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	FamilyName string `json:"familyName,omitempty"`

	// middleName is the middle name or names (middle_name).
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	MiddleName string `json:"middleName,omitempty"`

	// nickname is a casual name.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	Nickname string `json:"nickname,omitempty"`

	// preferredUsername is the name by which the person wants to be called (preferred_username). Unset gives spec.username.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	PreferredUsername string `json:"preferredUsername,omitempty"`

	// profile is the address of a profile page.
	// +optional
	Profile WebURI `json:"profile,omitempty"`

	// picture is the address of a picture of the person.
	// +optional
	Picture WebURI `json:"picture,omitempty"`

	// website is the address of a web page of the person.
	// +optional
	Website WebURI `json:"website,omitempty"`

	// email is the email address.
	// +optional
	// +kubebuilder:validation:MaxLength=254
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^@\\\\pZ\\\\pC]+@[^@\\\\pZ\\\\pC]+$')",message="email must have one @ with text on both sides and no spaces, for example jane@example.com"
	Email string `json:"email,omitempty"`

	// emailVerified says whether the email address is known to be the person's (email_verified). Some applications refuse
	// people whose address is not verified. Default, where there is an email: what the server's
	// spec.users.defaultEmailVerification says, false if that is unset.
	// +optional
	EmailVerified *bool `json:"emailVerified,omitempty"`

	// gender is the gender, "female", "male" or another word.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Gender string `json:"gender,omitempty"`

	// birthdate is the birthday as YYYY-MM-DD, YYYY, or 0000-MM-DD where the year is withheld.
	// +optional
	// +kubebuilder:validation:MaxLength=10
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{4}(-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01]))?$')",message="birthdate must be written YYYY-MM-DD, or YYYY for the year alone, or 0000-MM-DD without the year"
	Birthdate string `json:"birthdate,omitempty"`

	// zoneinfo is the time zone, for example Europe/Paris.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	Zoneinfo string `json:"zoneinfo,omitempty"`

	// locale is the language, for example en-US.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=35
	Locale string `json:"locale,omitempty"`

	// phoneNumber is the phone number, for example +1 425 555 1212 (phone_number).
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=64
	PhoneNumber string `json:"phoneNumber,omitempty"`

	// phoneNumberVerified says whether the phone number is known to be the person's (phone_number_verified). Unset with a
	// phone number gives false.
	// +optional
	PhoneNumberVerified *bool `json:"phoneNumberVerified,omitempty"`

	// address is the postal address.
	// +optional
	Address *Address `json:"address,omitempty"`
}

// Address is a postal address (OpenID Connect Core 1.0 section 5.1.1).
type Address struct {
	// formatted is the whole address, as on a label; lines end with \n.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Formatted string `json:"formatted,omitempty"`

	// streetAddress is street, house number and the like; lines end with \n (street_address).
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	StreetAddress string `json:"streetAddress,omitempty"`

	// locality is the city.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Locality string `json:"locality,omitempty"`

	// region is the state, province or region.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Region string `json:"region,omitempty"`

	// postalCode is the postal code (postal_code).
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	PostalCode string `json:"postalCode,omitempty"`

	// country is the country.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	Country string `json:"country,omitempty"`
}

// ExtraClaim is a claim that has no field of its own. A list of names and values
// rather than a JSON object lets the schema refuse reserved names, since rules
// cannot look into untyped objects.
type ExtraClaim struct {
	// name is the name of the claim, for example department or https://example.com/roles. Required.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:XValidation:rule="!(self in ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'auth_time', 'nonce', 'acr', 'amr', 'azp', 'at_hash', 'c_hash', 's_hash', 'sid', 'cnf', 'scope', 'client_id', 'active', 'token_type', 'act', 'may_act', '_claim_names', '_claim_sources', 'name', 'given_name', 'family_name', 'middle_name', 'nickname', 'preferred_username', 'profile', 'picture', 'website', 'email', 'email_verified', 'gender', 'birthdate', 'zoneinfo', 'locale', 'phone_number', 'phone_number_verified', 'address', 'updated_at', 'groups'])",message="extraClaims must not have a reserved name (iss, sub, aud, exp, ...) or one with a field of its own (spec.claims, groups): rename the claim"
	Name string `json:"name,omitempty"`

	// value is any JSON value except null. Required.
	// +required
	Value apiextensionsv1.JSON `json:"value,omitzero"`
}
