/* SPDX-License-Identifier: Apache-2.0 */
/* rdt.h - the text of resctrl's schemata files */
#ifndef EXEC_RDT_H
#define EXEC_RDT_H

#include <stdbool.h>

/* rdt_schema_holds() - every value that @want names is what the file's text @have says: line by line
 * "L3:0=7f0;1=1f", numbers compared without their leading zeros */
bool rdt_schema_holds(const char *have, const char *want);

#endif
