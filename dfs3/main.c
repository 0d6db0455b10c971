/* dfs3: number 3 of the four servers, which differ in nothing else. */
#include "server.h"

int main(int argc, char **argv)
{
	return server_main(3, argc, argv);
}
