#ifndef STANDIN_ISC_TYPES_H
#define STANDIN_ISC_TYPES_H
typedef unsigned int isc_result_t;
#endif
