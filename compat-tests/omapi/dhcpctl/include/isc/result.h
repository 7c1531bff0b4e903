#ifndef STANDIN_ISC_RESULT_H
#define STANDIN_ISC_RESULT_H
#include <isc/types.h>
#define ISC_R_SUCCESS 0
#define ISC_R_NOTFOUND 23
#define ISC_R_NOTIMPLEMENTED 27
const char *isc_result_totext(isc_result_t);
#endif
