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

/* secrets_injects() - a name by which the loader or an interpreter takes code: "LD_PRELOAD" */
bool secrets_injects(const char *name, size_t n);

/* secrets_wanted() - for a name that an image needs at its first start: by what image; or NULL */
const char *secrets_wanted(const char *name, size_t n);

#endif
