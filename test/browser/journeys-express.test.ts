import { journeys } from './journeys.js'

journeys('express-bearer')
