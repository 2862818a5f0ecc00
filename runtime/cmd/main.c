/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - agentrt */
int main(void)
{
	return 1;
}
