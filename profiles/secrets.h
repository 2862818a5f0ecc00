/* SPDX-License-Identifier: Apache-2.0 */
/* secrets.h - does an environment name or a value look like a credential? */
#ifndef PROFILES_SECRETS_H
#define PROFILES_SECRETS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * secrets_name() - a name as in "*_TOKEN" or "SSH_AUTH_SOCK", in any case
 * Return: the pattern that matches, or NULL.
 */
const char *secrets_name(const char *name, size_t n);

/**
 * secrets_value() - a token by its issuer's prefix, a private key, a JWT or a URL with a password,
 * anywhere in @v
 * Return: what it looks like ("a GitHub token"), or NULL. Never any part of the value.
 */
const char *secrets_value(const char *v);

#endif
