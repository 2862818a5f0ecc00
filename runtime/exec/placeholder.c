/* SPDX-License-Identifier: Apache-2.0 */
/* placeholder until the layer's first file lands */
typedef int exec_placeholder;
