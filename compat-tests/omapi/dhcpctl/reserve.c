/*
 * A program as sites have them on libdhcpctl: reserves an address for a machine, or changes the reservation.
 *
 *     reserve NAME HARDWARE ADDRESS [new]     prints what the server has then
 *     reserve -l ADDRESS                      prints the lease
 *     reserve -d NAME                         takes the reservation away
 */
#include <arpa/inet.h>
#include <netinet/ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <dhcpctl/dhcpctl.h>

static int failed(const char *what, isc_result_t status)
{
	printf("%s: %s\n", what, isc_result_totext(status));
	return status != ISC_R_SUCCESS;
}

/* Waits for the answer to the last request about `object`. */
static int answer(const char *what, dhcpctl_handle object, dhcpctl_status queued)
{
	dhcpctl_status waited = queued;
	if (queued == ISC_R_SUCCESS) {
		dhcpctl_status status = dhcpctl_wait_for_completion(object, &waited);
		if (status != ISC_R_SUCCESS)
			waited = status;
	}
	return failed(what, waited);
}

static void show(dhcpctl_handle object, const char *name)
{
	dhcpctl_data_string value = NULL;
	if (dhcpctl_get_value(&value, object, name) != ISC_R_SUCCESS) {
		printf("  %s: none\n", name);
		return;
	}
	printf("  %s:", name);
	for (unsigned i = 0; i < value->len; i++)
		printf(" %02x", value->value[i]);
	printf("\n");
	dhcpctl_data_string_dereference(&value, MDL);
}

static void set_address(dhcpctl_handle object, const char *text)
{
	struct in_addr address;
	if (inet_aton(text, &address))
		failed("set ip-address", dhcpctl_set_data_value(object, (char *)&address, sizeof address, "ip-address"));
}

int main(int argc, char **argv)
{
	dhcpctl_handle connection = dhcpctl_null_handle, object = dhcpctl_null_handle;
	if (argc < 3)
		return 2;
	if (failed("initialize", dhcpctl_initialize()) ||
	    failed("connect", dhcpctl_connect(&connection, "127.0.0.1", 7911, dhcpctl_null_handle)))
		return 1;

	if (strcmp(argv[1], "-l") == 0) {
		dhcpctl_new_object(&object, connection, "lease");
		set_address(object, argv[2]);
		if (answer("open", object, dhcpctl_open_object(object, connection, 0)))
			return 1;
		show(object, "state");
		show(object, "hardware-address");
		show(object, "client-hostname");
		show(object, "flags");
		return 0;
	}

	dhcpctl_new_object(&object, connection, "host");
	if (strcmp(argv[1], "-d") == 0) {
		dhcpctl_set_string_value(object, argv[2], "name");
		if (answer("open", object, dhcpctl_open_object(object, connection, 0)))
			return 1;
		return answer("remove", object, dhcpctl_object_remove(connection, object));
	}
	if (argc < 4)
		return 2;
	struct ether_addr *hardware = ether_aton(argv[2]);
	if (!hardware)
		return 2;
	failed("set name", dhcpctl_set_string_value(object, argv[1], "name"));
	if (argc > 4) {
		failed("set hardware-address", dhcpctl_set_data_value(object, (char *)hardware, 6, "hardware-address"));
		failed("set hardware-type", dhcpctl_set_int_value(object, 1, "hardware-type"));
		set_address(object, argv[3]);
		if (answer("create", object, dhcpctl_open_object(object, connection, DHCPCTL_CREATE | DHCPCTL_EXCL)))
			return 1;
	} else {
		if (answer("open", object, dhcpctl_open_object(object, connection, 0)))
			return 1;
		set_address(object, argv[3]);
		if (answer("update", object, dhcpctl_object_update(connection, object)))
			return 1;
	}
	if (answer("refresh", object, dhcpctl_object_refresh(connection, object)))
		return 1;
	show(object, "name");
	show(object, "ip-address");
	show(object, "hardware-address");
	show(object, "hardware-type");
	return 0;
}
