/*
 * The functions of BIND 9.11 that libdhcpctl and libomapi of Debian's isc-dhcp-dev refer to. The package does not bring
 * that library, and no other package does; the client side of OMAPI needs next to nothing of it: its own loop is built
 * on select(). So the set-up functions succeed and do nothing, results have their texts, and whatever is about keys or
 * names says "not implemented": this program speaks without a key.
 */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdlib.h>

#include <isc/result.h>

#define SET_UP(name) isc_result_t name(void) { return ISC_R_SUCCESS; }
#define UNUSED(name) isc_result_t name(void) { return ISC_R_NOTIMPLEMENTED; }

SET_UP(isc_lib_register)
SET_UP(isc_random_seed)
SET_UP(isc_mem_create)
SET_UP(isc_mem_detach)
SET_UP(dns_lib_init)
SET_UP(dns_client_createx2)
SET_UP(dns_client_destroy)
SET_UP(dns_client_setservers)
SET_UP(isc_appctx_create)
SET_UP(isc_appctx_destroy)
SET_UP(isc_app_ctxstart)
SET_UP(isc_app_ctxonrun)
SET_UP(isc_app_ctxsuspend)
SET_UP(isc_app_ctxfinish)
SET_UP(isc_taskmgr_createinctx)
SET_UP(isc_taskmgr_destroy)
SET_UP(isc_socketmgr_createinctx)
SET_UP(isc_socketmgr_destroy)
SET_UP(isc_timermgr_createinctx)
SET_UP(isc_timermgr_destroy)
SET_UP(isc_task_create)
SET_UP(isc_task_detach)
SET_UP(isc_task_shutdown)
SET_UP(isc_event_free)
SET_UP(isc_socket_fdwatchpoke)
SET_UP(isc_socket_cancel)

UNUSED(dns_fixedname_init)
UNUSED(dns_fixedname_name)
UNUSED(dns_name_fromtext)
UNUSED(dns_tsec_create)
UNUSED(dns_tsec_destroy)
UNUSED(dst_context_adddata)
UNUSED(dst_context_create)
UNUSED(dst_context_destroy)
UNUSED(dst_context_sign)
UNUSED(dst_key_free)
UNUSED(dst_key_frombuffer)
UNUSED(dst_key_sigsize)
UNUSED(irs_resconf_getnameservers)
UNUSED(irs_resconf_load)
UNUSED(isc__buffer_add)
UNUSED(isc__buffer_init)
UNUSED(isc__buffer_invalidate)
UNUSED(isc_sockaddr_fromin)
UNUSED(isc_sockaddr_fromin6)
const void *dns_rootname = NULL;

/* Descriptors are watched by select(): a watch is nothing but a pointer that is not null. */
isc_result_t isc_socket_fdwatchcreate(void *manager, int fd, int flags, void *callback, void *argument, void *task, void **out)
{
	static char watch;
	(void)manager, (void)fd, (void)flags, (void)callback, (void)argument, (void)task;
	*out = &watch;
	return ISC_R_SUCCESS;
}

isc_result_t isc_socket_detach(void **watch)
{
	*watch = NULL;
	return ISC_R_SUCCESS;
}

int isc_net_aton(const char *text, struct in_addr *address)
{
	return inet_aton(text, address);
}

/* The texts of the DHCP class register themselves; of the common ones a client may meet these. */
static unsigned int class_base, class_size;
static const char **class_texts;

isc_result_t isc_result_register(unsigned int base, unsigned int size, const char **texts, void *catalogue, int set)
{
	(void)catalogue, (void)set;
	class_base = base, class_size = size, class_texts = texts;
	return ISC_R_SUCCESS;
}

const char *isc_result_totext(isc_result_t result)
{
	static const struct { isc_result_t code; const char *text; } common[] = {
		{ 0, "success" },       { 1, "out of memory" },       { 6, "permission denied" }, { 12, "connection refused" },
		{ 18, "already exists" }, { 23, "not found" },        { 25, "failure" },          { 26, "I/O error" },
		{ 27, "not implemented" }, { 29, "no more" },         { 54, "connection reset" },
	};
	if (class_texts && result >= class_base && result - class_base < class_size)
		return class_texts[result - class_base];
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (common[i].code == result)
			return common[i].text;
	return "(result code text not available)";
}
