/* dfs4: number 4 of the four servers, which differ in nothing else. */
#include "server.h"

int main(int argc, char **argv)
{
	return server_main(4, argc, argv);
}
