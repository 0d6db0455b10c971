/* dfs2: number 2 of the four servers, which differ in nothing else. */
#include "server.h"

int main(int argc, char **argv)
{
	return server_main(2, argc, argv);
}
