/* What <omapip/*.h> and <dhcpctl/dhcpctl.h> use of BIND's headers, which Debian's isc-dhcp-dev wants and does not bring. */
#ifndef STANDIN_ISC_BOOLEAN_H
#define STANDIN_ISC_BOOLEAN_H
typedef enum { isc_boolean_false = 0, isc_boolean_true = 1 } isc_boolean_t;
#define ISC_FALSE isc_boolean_false
#define ISC_TRUE isc_boolean_true
#endif
