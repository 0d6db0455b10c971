/* dfs1: number 1 of the four servers, which differ in nothing else. */
#include "server.h"

int main(int argc, char **argv)
{
	return server_main(1, argc, argv);
}
