/*
 * The two places where libtirpc asks for Kerberos, answered: nobody uses it here.
 *
 * Linked as an archive, libtirpc brings only what is called.  Registering with rpcbind
 * calls two functions that know of RPCSEC_GSS, and through them seven shared libraries
 * would come along, a quarter of what the start of a program costs.  With libtirpc as a
 * shared library nothing asks for this file, and it is left out.
 */
#include <rpc/rpc.h>
#include <rpc/svc_auth.h>

/* libtirpc's own name; where its headers have it, they want those of Kerberos. */
bool_t is_authgss_client(CLIENT *client);

/* Was this client made with credentials of Kerberos? */
bool_t is_authgss_client(CLIENT *client)
{
	(void)client;
	return FALSE;
}

/* A call whose credentials are of Kerberos is refused. */
enum auth_stat _svcauth_gss(struct svc_req *request, struct rpc_msg *message,
			    bool_t *no_dispatch)
{
	(void)request;
	(void)message;
	(void)no_dispatch;
	return AUTH_REJECTEDCRED;
}
