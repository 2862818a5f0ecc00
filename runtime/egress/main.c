/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - agentrt-egress */
int main(void)
{
	return 1;
}
