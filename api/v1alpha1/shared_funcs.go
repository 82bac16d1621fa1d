package v1alpha1

// KeyOr returns the key, or fallback when the reference names none.
func (r *SecretKeyReference) KeyOr(fallback string) string {
	if r.Key == "" {
		return fallback
	}
	return r.Key
}

// valueOr returns what p points to, or fallback when it is nil.
func valueOr[T any](p *T, fallback T) T {
	if p == nil {
		return fallback
	}
	return *p
}

// nonZeroOr returns v, or fallback when v is the zero value.
func nonZeroOr[T comparable](v, fallback T) T {
	var zero T
	if v == zero {
		return fallback
	}
	return v
}
